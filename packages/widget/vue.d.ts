import type { DefineComponent } from "vue";
import type { Options } from "./options.js";

/** A textarea with suggestions, for `v-model`; `tsuzuki` holds the options. */
export const TsuzukiTextarea: DefineComponent<{ modelValue?: string; tsuzuki?: Options }>;
