// A client of live events: it resumes after the last event that it has seen.
"use strict";

const [form, status, list] = ["form", "[role=status]", "ol"].map((each) => document.querySelector(each));
const NEVER_AGAIN = [4400, 4409, 4429]; // apps/live/codes.py
let token;
let last; // the id of the last event
let failures = 0;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  token = form.elements.token.value.trim();
  last = undefined; // it may be another user
  form.querySelector("button").disabled = true;
  connect();
});

async function ticket() {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch("/api/v1/live/tickets/", { method: "POST", headers });
  if (response.status === 401) throw new Error("The token is invalid or has expired.");
  if (!response.ok) return null;
  return (await response.json()).ticket;
}

async function connect() {
  let pass;
  try {
    pass = await ticket().catch((error) => {
      if (error instanceof TypeError) return null; // no connection
      throw error;
    });
  } catch (error) {
    status.textContent = error.message;
    form.querySelector("button").disabled = false;
    return;
  }
  if (!pass) return again();
  const url = `${location.protocol.replace("http", "ws")}//${location.host}/ws/`;
  const socket = new WebSocket(url, ["live", `ticket.${pass}`]);
  socket.onopen = () => socket.send(JSON.stringify({ type: "resume", after: last }));
  socket.onmessage = ({ data }) => receive(socket, JSON.parse(data));
  socket.onclose = ({ code, reason }) => {
    status.textContent = `Closed: ${code} ${reason}`;
    if (!NEVER_AGAIN.includes(code)) again();
  };
}

// Exponential backoff with jitter: all clients of a server that has restarted do not return at once.
function again() {
  const seconds = Math.min(30, 2 ** failures) * (0.5 + Math.random() / 2);
  failures += 1;
  if (!status.textContent.startsWith("Closed")) status.textContent = "No connection: trying again.";
  setTimeout(connect, seconds * 1000);
}

function receive(socket, message) {
  failures = 0;
  if (message.type === "ping") socket.send('{"type": "pong"}');
  if (message.type === "ready") {
    last = message.last;
    status.textContent = `Connected, after event ${last}.`;
  }
  if (message.type === "reset") {
    last = message.last;
    show("Events are missing: a client reads everything again.");
  }
  if (message.type === "event") {
    last = message.id;
    show(`${message.id} ${message.kind} ${JSON.stringify(message.data)}`);
  }
}

function show(text) {
  const item = document.createElement("li");
  item.textContent = text;
  list.append(item);
}
