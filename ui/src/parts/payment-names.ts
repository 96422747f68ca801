// What people call the methods with which something is paid.
import type { Payment, PaymentMethod } from '../api/types';
import { t } from '../i18n/language.svelte';

type Named = Pick<PaymentMethod, 'label' | 'last4' | 'method_type'>;

export const methodName = (method: Named): string => {
  const label = method.label || t.methodKinds[method.method_type];
  return method.last4 ? t.pay.ends(label, method.last4) : label;
};

export const paidWith = (payment: Payment): string | null => (payment.method ? methodName(payment.method) : null);
