const element = document.getElementById("graphiql");
// An access token, in the headers, says who the user is: cookies stay out.
const fetcher = GraphiQL.createFetcher({
  url: element.dataset.url,
  fetch: (url, options) => fetch(url, {...options, credentials: "omit"}),
});
const defaultQuery = `# To sign in, enter an access token under "Headers":
# {"Authorization": "Bearer ..."}
`;
ReactDOM.createRoot(element).render(React.createElement(GraphiQL, {fetcher, defaultQuery}));
