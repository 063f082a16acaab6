/** The attributes of a field, without `data-tsuzuki-`; docs/widget.md of Tsuzuki explains them. */
export interface Options {
  endpoint?: string;
  key?: string;
  limit?: number;
  words?: number;
  mode?: "ghost" | "strip" | "both";
  minProbability?: number;
  ghostProbability?: number;
  check?: boolean;
  announce?: "on" | "off";
  model?: string;
  user?: string;
  learn?: "on" | "off";
}
