import type { ForwardRefExoticComponent, RefAttributes, TextareaHTMLAttributes } from "react";
import type { Options } from "./options.js";

export interface TsuzukiTextareaProps extends TextareaHTMLAttributes<HTMLTextAreaElement> {
  tsuzuki?: Options;
}

/** A textarea with suggestions: the properties of a textarea, and `tsuzuki` for the options. */
export const TsuzukiTextarea: ForwardRefExoticComponent<TsuzukiTextareaProps & RefAttributes<HTMLTextAreaElement>>;
