// Calls about API keys.
import { bodyOf, client } from './client';
import type { CreateApiKey, RotateApiKey, SetApiKeyNetworks, SetApiKeyRules } from './types';

const api = client();
const managing = client({ action: 'manage_api_keys' });

export const listApiKeys = async () => (await bodyOf(api.GET('/ui/api_keys'))).keys;

export const listScopes = async () => (await bodyOf(api.GET('/ui/api_keys/scopes'))).scopes;

export const createApiKey = (body: CreateApiKey) => bodyOf(managing.POST('/ui/api_keys', { body }));

export const rotateApiKey = (body: RotateApiKey) => bodyOf(managing.POST('/ui/api_keys/rotate', { body }));

export const setApiKeyRules = (body: SetApiKeyRules) => bodyOf(managing.POST('/ui/api_keys/rules', { body }));

export const setApiKeyNetworks = (body: SetApiKeyNetworks) => bodyOf(managing.POST('/ui/api_keys/ip_rules', { body }));

export const renameApiKey = (key_id: string, label: string) => bodyOf(api.POST('/ui/api_keys/rename', { body: { key_id, label } }));

export const revokeApiKey = (key_id: string) => bodyOf(api.POST('/ui/api_keys/revoke', { body: { key_id } }));

export const readApiKeyUsage = (key_id: string, days: number) =>
  bodyOf(api.GET('/ui/api_keys/{key_id}/usage', { params: { path: { key_id }, query: { days } } }));
