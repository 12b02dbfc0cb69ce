/**
 * Worker threads that scan: shared by all tables of a Layer, started when they are first needed.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, type Scope } from "effect"
import { Worker as Thread } from "node:worker_threads"
import { outside } from "../../../domain/AsyncContext.ts"
import * as Detached from "../../../domain/Detached.ts"
import type { GuildId } from "../../../domain/Ids.ts"
import type { MemberQuery } from "../../../domain/MemberQuery.ts"
import { ScanDied } from "../../../domain/MemberStore.ts"
import type { Answer, Found, Message, Question } from "./protocol.ts"

/** How many questions a worker has at a time: one to answer, and one to begin with as soon as it has. */
const DEPTH = 2

/**
 * How long a worker has for a question after its scan is over, before it counts as one that hangs. It answers within
 * milliseconds, or within some hundred where it has yet to start; on a machine that is very busy, within a second or two.
 */
const GRACE = "5 seconds"

/**
 * One scan's questions. Whoever has been interrupted wants no answer any more; `close` ends the scan, and in a while any
 * worker that has not answered it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Scan {
  readonly ask: (question: Pick<Question, "leaf" | "hidden" | "wanted">) => Effect.Effect<Found, ScanDied>
  readonly close: Effect.Effect<void>
}

/**
 * `done` is called when the scan has been closed and no worker looks at its leaves any more. It is of use to have `window`
 * questions asked at a time.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pool {
  readonly window: number
  readonly open: (guild: GuildId, query: MemberQuery, done: () => void) => Scan
}

class Closed extends Error {
  override readonly message = "the member store has been closed"
}

interface Run {
  readonly guild: GuildId
  readonly number: number
  readonly query: MemberQuery
  readonly done: () => void
  /** Done when it is over, and no worker has a question of it any more. */
  readonly settled: Deferred.Deferred<void>
  /** How many of its questions workers have. */
  underWay: number
  isOver: boolean
}

interface Job {
  readonly run: Run
  readonly question: Pick<Question, "leaf" | "hidden" | "wanted">
  readonly resume: (answer: Effect.Effect<Found, ScanDied>) => void
}

const died = ({ run: { guild } }: Job, cause: unknown) =>
  Effect.fail(new ScanDied({ guild, cause, ...(cause instanceof Closed && { isFinal: true }) }))

const doneIfOver = (run: Run): void => {
  if (!run.isOver || run.underWay > 0) return
  run.done()
  Deferred.doneUnsafe(run.settled, Effect.void)
}

const started = (url: URL, name: string): Thread => {
  try {
    // Its events are for all scans, not for the one that needs it first.
    return outside(() => new Thread(url, { name }))
  } catch (cause) {
    throw new Error(`no thread can be started with ${url.href}: see the cause`, { cause })
  }
}

/** One life of a thread. `onFree` is called when it can take another job, `onGone` when it never will again. */
class Life {
  readonly jobs = new Map<number, Job>()
  private readonly knownRuns = new Set<number>()
  private readonly thread: Thread
  private readonly onGone: (life: Life) => void
  private jobsTaken = 0
  private reason: unknown

  constructor(
    url: URL,
    name: string,
    { onFree, onGone }: { readonly onFree: () => void; readonly onGone: (life: Life) => void }
  ) {
    this.thread = started(url, name)
    this.onGone = onGone
    this.thread.on("message", ({ found, job }: Answer) => {
      this.settle(job, () => Effect.succeed(found))
      onFree()
    })
    this.thread.on("error", (error) => {
      this.reason ??= error
      onGone(this)
    })
    this.thread.on("messageerror", (error) => void this.end(error))
    this.thread.on("exit", (code) => {
      onGone(this)
      const cause = this.reason ?? new Error(`the worker ended with ${code}`)
      for (const number of this.jobs.keys()) this.settle(number, (job) => died(job, cause))
      onFree()
    })
  }

  take(job: Job): void {
    const { question, run } = job
    const number = this.jobsTaken++
    const query = this.knownRuns.has(run.number) ? undefined : run.query
    try {
      this.tell({ _tag: "Question", job: number, scan: run.number, query, ...question })
    } catch (error) {
      // What cannot be cloned is no query. That is its caller's affair alone.
      job.resume(Effect.die(error))
      return
    }
    this.knownRuns.add(run.number)
    this.jobs.set(number, job)
    run.underWay++
  }

  forget(scan: number): void {
    if (this.knownRuns.delete(scan)) this.tell({ _tag: "Forget", scan })
  }

  isAt(run: Run): boolean {
    return Array.from(this.jobs.values()).some((job) => job.run === run)
  }

  end(reason: unknown): Promise<number> {
    this.reason ??= reason
    this.onGone(this)
    return this.thread.terminate()
  }

  private tell(message: Message): void {
    this.thread.postMessage(message)
  }

  private settle(number: number, answer: (job: Job) => Effect.Effect<Found, ScanDied>): void {
    const job = this.jobs.get(number)
    if (job === undefined) return
    this.jobs.delete(number)
    job.run.underWay--
    job.resume(answer(job))
    doneIfOver(job.run)
  }
}

/** Jobs in the order in which they come, dealt out to those who have least to do. */
class Threads {
  private readonly waiting = new Set<Job>()
  private readonly lives = new Set<Life>()
  private readonly url: URL
  private readonly most: number
  private isClosed = false
  /** To start a thread takes this one up to two milliseconds: it starts one at a turn. */
  private mayStart = true

  constructor(url: URL, most: number) {
    this.url = url
    this.most = most
  }

  /** The effect takes the job back, as long as nobody has begun with it. */
  add(job: Job): Effect.Effect<void> {
    this.waiting.add(job)
    this.deal()
    return Effect.sync(() => void this.waiting.delete(job))
  }

  forget(scan: number): void {
    for (const life of this.lives) life.forget(scan)
  }

  /** Ends those who are still at this scan; what others have asked them fails. */
  endAt(run: Run): void {
    for (const life of this.lives) if (life.isAt(run)) void life.end(new Error("the worker did not answer any more"))
    this.deal()
  }

  async end(): Promise<void> {
    this.isClosed = true
    const ends = Array.from(this.lives, (life) => life.end(new Closed()))
    this.deal()
    await Promise.all(ends)
  }

  private deal(): void {
    for (const job of this.waiting) {
      try {
        if (this.isClosed) throw new Closed()
        const life = this.idlest()
        if (life === undefined) return
        this.waiting.delete(job)
        life.take(job)
      } catch (error) {
        this.waiting.delete(job)
        job.resume(died(job, error))
      }
    }
  }

  /** Who has the least to do, if that is not too much; nobody has less than one who has yet to be started. */
  private idlest(): Life | undefined {
    let idlest: Life | undefined
    for (const life of this.lives) {
      if (idlest === undefined || life.jobs.size < idlest.jobs.size) idlest = life
    }
    if (this.mayStart && this.lives.size < this.most && idlest?.jobs.size !== 0) return this.start()
    return idlest !== undefined && idlest.jobs.size < DEPTH ? idlest : undefined
  }

  private start(): Life {
    this.mayStart = false
    outside(() =>
      setImmediate(() => {
        this.mayStart = true
        this.deal()
      })
    )
    const life = new Life(this.url, "members", {
      onFree: () => this.deal(),
      onGone: (life) => this.lives.delete(life)
    })
    this.lives.add(life)
    return life
  }
}

/**
 * A pool of at most `workers` threads that run the module at `url`. One that dies or hangs is replaced when it is next
 * needed. They end with the scope; what is asked then, and afterwards, fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* ({
  url,
  workers
}: {
  readonly url: URL
  readonly workers: number
}): Effect.fn.Return<Pool, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const threads = yield* Effect.acquireRelease(
    Effect.sync(() => new Threads(url, workers)),
    (threads) => Effect.promise(() => threads.end())
  )
  /** Where this thread has been busy for as long, an answer may be there already: it is let in before anybody is ended. */
  const endIfHanging = (run: Run) =>
    Deferred.await(run.settled).pipe(
      Effect.timeoutOrElse({
        duration: GRACE,
        orElse: () =>
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => threads.endAt(run))
          )
      }),
      Detached.forkIn(scope),
      Effect.asVoid
    )
  let scans = 0
  return {
    window: DEPTH * workers,
    open: (guild, query, done) => {
      const settled = Deferred.makeUnsafe<void>()
      const run: Run = { guild, number: scans++, query, done, settled, underWay: 0, isOver: false }
      return {
        ask: (question) => Effect.callback((resume) => threads.add({ run, question, resume })),
        close: Effect.suspend(() => {
          run.isOver = true
          threads.forget(run.number)
          doneIfOver(run)
          return run.underWay > 0 ? endIfHanging(run) : Effect.void
        })
      }
    }
  }
})
