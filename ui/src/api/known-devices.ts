// Calls about the browsers and apps on which the account signed in.
import { get, post } from './client';
import type { KnownDevice } from './types';

export const listKnownDevices = () =>
  get<{ devices: KnownDevice[] }>('/ui/known-devices').then((answer) => answer.devices);

export const forgetKnownDevice = (id: string) =>
  post<{ status: 'ok' }>('/ui/known-devices/revoke', { known_device_id: id });
