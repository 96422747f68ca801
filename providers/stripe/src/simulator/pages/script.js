// A look-alike of Stripe.js for `portcullis dev`: the parts that a page needs to pay and to store a method. What the payer
// enters stays in a frame of the simulator, as it does with Stripe.
(() => {
  const origin = new URL(document.currentScript.src).origin;
  let calls = 0;

  const ask = (frame, what, details) =>
    new Promise((resolve) => {
      const call = ++calls;
      const answered = (event) => {
        if (event.origin !== origin || event.data?.call !== call) return;
        removeEventListener('message', answered);
        resolve(event.data.result);
      };
      addEventListener('message', answered);
      frame.contentWindow.postMessage({ call, what, ...details }, origin);
    });

  const makeFrame = (url) => {
    const frame = document.createElement('iframe');
    frame.src = url;
    frame.title = 'Payment';
    frame.style.cssText = 'border:0;width:100%;min-height:16rem';
    return frame;
  };

  // The bank's page in front of everything; ends when the payer has answered.
  const confirmAtBank = (url) =>
    new Promise((resolve) => {
      const frame = makeFrame(url);
      frame.title = 'Bank';
      frame.style.cssText = 'position:fixed;inset:0;width:100%;height:100%;border:0;background:#fff;z-index:2147483647';
      const answered = (event) => {
        if (event.origin !== origin || event.data !== 'bank-answered') return;
        removeEventListener('message', answered);
        frame.remove();
        resolve();
      };
      addEventListener('message', answered);
      document.body.append(frame);
    });

  globalThis.Stripe = (publishableKey) => {
    const path = (clientSecret) => {
      const id = clientSecret.split('_secret')[0];
      return `/v1/${id.startsWith('seti_') ? 'setup_intents' : 'payment_intents'}/${id}`;
    };
    const named = (clientSecret, object) =>
      object.error
        ? { error: object.error }
        : { [clientSecret.startsWith('seti_') ? 'setupIntent' : 'paymentIntent']: object };
    const retrieve = async (clientSecret) => {
      const query = new URLSearchParams({ key: publishableKey, client_secret: clientSecret });
      const answer = await fetch(`${origin}${path(clientSecret)}?${query}`);
      return named(clientSecret, await answer.json());
    };
    const goOn = async (clientSecret, object) => {
      const page = object.next_action?.use_stripe_sdk?.stripe_js;
      if (object.error || !page) return named(clientSecret, object);
      await confirmAtBank(page);
      const now = await retrieve(clientSecret);
      const intent = now.paymentIntent ?? now.setupIntent;
      const error = intent?.last_payment_error ?? intent?.last_setup_error;
      return error ? { error } : now;
    };
    const confirm = async ({ elements, clientSecret, confirmParams, redirect }) => {
      const secret = clientSecret ?? elements.clientSecret;
      const object = await ask(elements.frame, 'confirm', { path: path(secret), secret, key: publishableKey });
      const result = await goOn(secret, object);
      if (!result.error && redirect !== 'if_required' && confirmParams?.return_url) {
        const back = new URL(confirmParams.return_url);
        const kind = secret.startsWith('seti_') ? 'setup_intent' : 'payment_intent';
        back.searchParams.set(kind, secret.split('_secret')[0]);
        back.searchParams.set(`${kind}_client_secret`, secret);
        back.searchParams.set('redirect_status', 'succeeded');
        location.assign(back);
      }
      return result;
    };
    return {
      elements: (options = {}) => {
        const elements = {
          clientSecret: options.clientSecret,
          frame: undefined,
          create: (_kind) => {
            const listeners = {};
            elements.frame = makeFrame(`${origin}/simulated/frame`);
            elements.frame.addEventListener('load', () => listeners.ready?.());
            const element = {
              mount: (place) => {
                const node = typeof place === 'string' ? document.querySelector(place) : place;
                node.append(elements.frame);
              },
              on: (event, listener) => {
                listeners[event] = listener;
                return element;
              },
              unmount: () => elements.frame.remove(),
              destroy: () => elements.frame.remove(),
              update: () => {},
            };
            return element;
          },
          getElement: () => elements.frame,
          submit: async () => ({}),
        };
        return elements;
      },
      confirmPayment: confirm,
      confirmSetup: confirm,
      handleNextAction: async ({ clientSecret }) => {
        const now = await retrieve(clientSecret);
        return now.error ? now : goOn(clientSecret, now.paymentIntent ?? now.setupIntent);
      },
      retrievePaymentIntent: retrieve,
      retrieveSetupIntent: retrieve,
    };
  };
})();
