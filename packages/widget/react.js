import "@tsuzuki/widget";
import { createElement, forwardRef } from "react";
import { attributesOf } from "./options.js";

/** A textarea with suggestions: the properties of a textarea, and `tsuzuki` for the options. */
export const TsuzukiTextarea = forwardRef(({ tsuzuki, ...props }, ref) =>
  createElement("textarea", { ...props, ...attributesOf(tsuzuki), ref }));
