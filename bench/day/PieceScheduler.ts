/** Effect's own scheduler, which says where each task begins: a fiber's run, or a run of the line. */
import { type Fiber, Scheduler } from "effect"

export class PieceScheduler implements Scheduler.Scheduler {
  private readonly inner = new Scheduler.MixedScheduler()
  readonly executionMode = this.inner.executionMode
  /** Called before each task, while somebody measures. */
  begin: (() => void) | undefined

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    return this.inner.shouldYield(fiber)
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    const dispatcher = this.inner.makeDispatcher()
    return {
      scheduleTask: (task, priority) => {
        const { begin } = this
        const told = () => {
          begin?.()
          task()
        }
        dispatcher.scheduleTask(begin === undefined ? task : told, priority)
      },
      flush: () => dispatcher.flush()
    }
  }
}
