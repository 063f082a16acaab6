// Swagger UI, with nothing that would ask another host.

window.SwaggerUIBundle({
  url: new URL("../openapi.json", import.meta.url).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
});
