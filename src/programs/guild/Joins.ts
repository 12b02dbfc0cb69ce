/**
 * Who wants to hear that a user has joined.
 *
 * @since 0.1.0
 */
import type { UserId } from "../../domain/Ids.ts"

/**
 * Those who hear of it are called in the guild's fiber: they put down what is to be done, and do it elsewhere.
 *
 * @since 0.1.0
 * @category models
 */
export class Joins {
  private readonly all: Array<(user: UserId) => void> = []

  onJoin(heard: (user: UserId) => void): void {
    this.all.push(heard)
  }

  joined(user: UserId): void {
    for (const heard of this.all) heard(user)
  }
}
