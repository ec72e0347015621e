/** Whether a view of a log stays at its end. */

export type Follow = {
  /** The view shows the end, and moves on with new lines. */
  isFollowing: boolean;
  /** How many lines the user has seen, or could have seen, when following was paused. */
  seenLines: number;
};

/** The user scrolled. `isAtEnd` is whether the last line is visible now. */
export function afterScroll(follow: Follow, isAtEnd: boolean, totalLines: number): Follow {
  if (isAtEnd === follow.isFollowing) return follow;
  return { isFollowing: isAtEnd, seenLines: totalLines };
}

/** How many lines arrived since following was paused. */
export function newLines({ isFollowing, seenLines }: Follow, totalLines: number): number {
  return isFollowing ? 0 : Math.max(0, totalLines - seenLines);
}
