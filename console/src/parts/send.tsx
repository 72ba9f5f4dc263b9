// Giving a command: it has an outcome once the log has it. Nothing is shown as done before, and what was not answered may be
// sent again under the same key without a second effect.

import { useMutation } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import { Failure, isUnknown } from "../api/client.ts";
import { useLanguage } from "../words/index.tsx";

export interface Sending<Body> {
  send: (body: Body) => void;
  busy: boolean;
  /** What went wrong, in the language of the screen. */
  said: string | null;
  /** There was no answer: the same may be sent again. */
  unknown: boolean;
}

/** `post` gets the key; `told` is what the person is told once it stands in the log. */
export function useSend<Body, Answer>(post: (key: string, body: Body) => Promise<Answer>, told: (body: Body) => string, onDone: (answer: Answer) => void): Sending<Body> {
  const { words, lang } = useLanguage();
  const { message } = App.useApp();
  const [key, setKey] = useState(newKey);
  const mutation = useMutation({
    mutationFn: (body: Body) => post(key, body),
    onSuccess: (answer, body) => {
      void message.success(told(body));
      setKey(newKey());
      onDone(answer);
    },
    onError: (error) => {
      // It has an outcome: another try is another command.
      if (!isUnknown(error)) setKey(newKey());
    },
  });
  const { error } = mutation;
  const failure = error instanceof Failure ? error : null;
  const unknown = error !== null && isUnknown(error);
  const said = unknown ? words.rules.unsent : (failure?.problem.message?.[lang] ?? failure?.problem.detail ?? (error ? String(error) : null));
  return { send: mutation.mutate, busy: mutation.isPending, said, unknown };
}

/** `randomUUID` is for secure contexts alone, and a site may be reached by plain http inside an office. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
