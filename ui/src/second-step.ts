// The second step of a sign-in, kept for this tab alone, so that a reload goes on where it was.
import type { Challenge } from './api/proofs';

const key = 'portcullis.second-step';

/** What is needed to go on: gone when the tab is closed, and worthless after a few minutes. */
type Kept = Required<Pick<Challenge, 'id' | 'bearer'>> & { expiresAt: number };

export function keepSecondStep(kept: Kept): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // Without storage a reload begins anew.
  }
}

export function forgetSecondStep(): void {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}

export function keptSecondStep(): Kept | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null');
    return isKept(kept) && kept.expiresAt * 1000 > Date.now() ? kept : null;
  } catch {
    return null;
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const { id, bearer, expiresAt } = value as Record<string, unknown>;
  return typeof id === 'string' && typeof bearer === 'string' && typeof expiresAt === 'number';
}
