// The shapes that the server's HTTP contract speaks, written once for the whole panel.

export type Factor = 'totp' | 'sms' | 'email';

export interface Options {
  product_name: string;
  sign_up: 'open' | 'verified';
  development: boolean;
  channels: { email: boolean; sms: boolean };
  password: { min_length: number; max_length: number };
  mailbox_url: string | null;
}

export interface Token {
  user_sub: string;
  access_token: string;
  token_type: 'Bearer';
  expires_in: number;
}

export interface VerificationSent {
  status: 'verification_sent';
}

export interface Me {
  user_sub: string;
  session_id: string;
  ip: string;
  email: string | null;
  email_verified: boolean;
  display_name: string | null;
  factors: Factor[];
  session_expires_at: number;
  step_up_until: number | null;
  csrf_token: string | null;
}

export interface SessionStarted {
  auth_required: boolean;
  challenge_id: string | null;
  required_factors: Factor[];
  session_id: string | null;
}

export interface SessionFinalized {
  status: 'ok' | 'pending';
  session_id: string | null;
  required_factors: Factor[];
  passed: Partial<Record<Factor, boolean>>;
}

export interface StepUpStarted {
  auth_required: boolean;
  challenge_id: string | null;
  required_factors: Factor[];
  password: boolean;
}

export interface FactorPassed {
  status: 'ok';
  session_id: string | null;
  required_factors: Factor[];
  passed: Partial<Record<Factor, boolean>>;
  remaining_factors: Factor[];
  step_up_until: number | null;
}

export interface CodeSent {
  status: 'sent';
  sent_to: string[];
  expires_at: number;
  retry_after: number;
}

export interface Session {
  session_id: string;
  is_current: boolean;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
  ip: string;
  user_agent: string;
  device: string;
  browser: string;
  revoked: boolean;
  revoked_at: number | null;
}

export interface TotpDevice {
  device_id: string;
  label: string | null;
  enabled: boolean;
  created_at: number;
  last_used_at: number | null;
}

export interface TotpBegun {
  device_id: string;
  otpauth_uri: string;
  secret: string;
  qr_svg: string;
  expires_at: number;
  recovery_codes: string[];
}

export interface SmsDevice {
  sms_device_id: string;
  phone_e164: string;
  label: string | null;
  enabled: boolean;
  pending: boolean;
  created_at: number;
  last_used_at: number | null;
}

export interface EmailDevice {
  email_device_id: string;
  email: string;
  label: string | null;
  enabled: boolean;
  pending: boolean;
  created_at: number;
  last_used_at: number | null;
}

export interface EnrolmentBegun {
  challenge_id: string;
  sent_to: string[];
  expires_at: number;
  retry_after: number;
}

export interface Enrolled {
  ok: true;
  recovery_codes: string[];
}

export interface RemovalBegun {
  challenge_id: string;
  sent_to: string[];
  accepts: string[];
  expires_at: number;
  retry_after?: number;
}

export interface RecoveryCount {
  factor: Factor;
  total: number;
  remaining: number;
  issued_at: number | null;
}

export interface RecoveryIssued {
  factor: Factor;
  recovery_codes: string[];
}
