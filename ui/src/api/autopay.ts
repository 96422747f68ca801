// Calls about what is collected by itself.
import { bodyOf, client } from './client';
import type { SetAutopay } from './types';

const api = client();
const changing = client({ action: 'change_autopay' });

export const readAutopay = async () => (await bodyOf(api.GET('/api/billing/autopay'))).rules;

export const setAutopay = (body: SetAutopay) => bodyOf(changing.POST('/api/billing/autopay', { body }));
