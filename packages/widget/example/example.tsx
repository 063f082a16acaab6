// Compiled by `npm run check`, never run: the types as an application uses them.

import { attach, detach, type Suggestion } from "@tsuzuki/widget";
import "@tsuzuki/widget/element";
import { TsuzukiTextarea } from "@tsuzuki/widget/react";
import { TsuzukiTextarea as VueTextarea } from "@tsuzuki/widget/vue";
import { useRef, useState } from "react";
import { h } from "vue";

export function Reply({ endpoint }: { endpoint: string }) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  return (
    <TsuzukiTextarea ref={field} value={text} onChange={(event) => setText(event.target.value)} rows={4}
      tsuzuki={{ endpoint, limit: 3, mode: "both", check: true, announce: "off" }} />
  );
}

// @ts-expect-error There is no such mode.
export const wrong = <TsuzukiTextarea tsuzuki={{ mode: "odd" }} />;

export const inVue = () => h(VueTextarea, { modelValue: "", tsuzuki: { ghostProbability: 0.4 } });

const element = document.createElement("tsuzuki-textarea");
element.setAttribute("endpoint", "https://suggest.example");
element.textarea.addEventListener("tsuzuki:taken", ({ detail }) => {
  const taken: Suggestion = detail.suggestion;
  console.log(taken.text, detail.saved.toFixed());
});
document.addEventListener("tsuzuki:failed", ({ detail }) => console.log(detail.message));
attach(element.textarea);
attach(element.attachShadow({ mode: "open" }));
detach(element.textarea);
