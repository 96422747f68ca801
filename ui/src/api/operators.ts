// Calls of operators about themselves and each other.
import { bodyOf, client } from './client';

const api = client();

export const readOperatorSelf = () => bodyOf(api.GET('/api/operator/me'));

export const listOperators = async () => (await bodyOf(api.GET('/api/operator/operators'))).operators;
