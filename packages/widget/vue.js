import "@tsuzuki/widget";
import { defineComponent, h } from "vue";
import { attributesOf } from "./options.js";

/** A textarea with suggestions, for `v-model`; `tsuzuki` holds the options. */
export const TsuzukiTextarea = defineComponent({
  props: { modelValue: String, tsuzuki: Object },
  emits: ["update:modelValue"],
  setup: (props, { emit }) => () => h("textarea", {
    ...attributesOf(props.tsuzuki),
    value: props.modelValue,
    onInput: ({ target }) => emit("update:modelValue", target.value),
  }),
});
