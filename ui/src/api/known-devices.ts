// Calls about the browsers and apps on which the account signed in.
import { bodyOf, client } from './client';

const api = client();

export const listKnownDevices = async () => (await bodyOf(api.GET('/ui/known-devices'))).devices;

export const forgetKnownDevice = (id: string) =>
  bodyOf(api.POST('/ui/known-devices/revoke', { body: { known_device_id: id } }));
