const element = document.getElementById("graphiql");
// Cookies stay out, because a request with the session cookie needs a CSRF token: use an access token.
const fetcher = GraphiQL.createFetcher({
  url: element.dataset.url,
  fetch: (url, options) => fetch(url, {...options, credentials: "omit"}),
});
const defaultQuery = `# To sign in, enter an access token under "Headers":
# {"Authorization": "Bearer ..."}
`;
ReactDOM.createRoot(element).render(React.createElement(GraphiQL, {fetcher, defaultQuery}));
