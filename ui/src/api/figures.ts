// What the business came to, for operators.
import { bodyOf, client } from './client';
import type { FiguresBy, FiguresView } from './types';

const api = client();

/** Which days, and how they are told. */
export interface FiguresQuery {
  from?: string;
  to?: string;
  by?: FiguresBy;
}

export const readFigures = (query: FiguresQuery): Promise<FiguresView> =>
  bodyOf(api.GET('/api/operator/billing/figures', { params: { query } }));
