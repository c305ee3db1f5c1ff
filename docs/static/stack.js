/* Writes the `copier copy` command for the choices in the form of Choose your stack.
   `stackQuestions` comes from copier.yml (scripts/stack.py). Without this script the page
   still links to the questions. */
"use strict";
(() => {
  const form = document.getElementById("stack");
  const { template, questions } = window.stackQuestions;
  const command = document.getElementById("stack-command");
  const byName = Object.fromEntries(questions.map((question) => [question.name, question]));
  const chosen = {}; // what the reader has set; everything else follows the preset
  const controls = {};

  const evaluate = ([kind, ...parts], answers) => {
    const [left, right] = parts;
    const value = (part) => evaluate(part, answers);
    switch (kind) {
      case "const": return left;
      case "answer": return answers[left];
      case "not": return !value(left);
      case "and": return value(left) && value(right);
      case "or": return value(left) || value(right);
      case "eq": return value(left) === value(right);
      case "ne": return value(left) !== value(right);
    }
  };

  const element = (tag, properties, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };

  const control = ({ name, type, choices, default: byDefault }) => {
    const id = `stack-${name}`;
    if (type === "bool") return element("input", { id, name, type: "checkbox" });
    if (choices.length) {
      const options = choices.map(([value, label]) => element("option", { value }, label));
      return element("select", { id, name }, ...options);
    }
    return element("input", { id, name, type: "text", placeholder: byDefault ? "" : "computed" });
  };

  const field = (question) => {
    const input = (controls[question.name] = control(question));
    const label = element("label", { htmlFor: input.id }, question.help);
    const message = element("p", { className: "stack-invalid", hidden: true });
    message.setAttribute("role", "alert");
    const parts = question.type === "bool" ? [input, label] : [label, input];
    return element("div", { className: `stack-${question.type}` }, ...parts, message);
  };

  const quote = (text) => (/^[\w.,:@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const folder = ({ project_slug, project_name }) =>
    project_slug || project_name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^[-0-9]+|-+$/g, "") || "my-service";

  const update = () => {
    const answers = {};
    const data = [];
    for (const { name, type, default: byDefault, when } of questions) {
      const usual = byDefault ? evaluate(byDefault, answers) : "";
      const isAsked = evaluate(when, answers);
      answers[name] = isAsked && chosen[name] !== "" ? (chosen[name] ?? usual) : usual;
      if (answers[name] !== usual) data.push(`--data ${quote(`${name}=${answers[name]}`)}`);
      controls[name].parentElement.hidden = !isAsked;
      if (type === "bool") controls[name].checked = answers[name];
      else if (controls[name] !== document.activeElement) controls[name].value = answers[name];
    }
    let isValid = true;
    for (const { name, invalid } of questions) {
      const message = controls[name].parentElement.querySelector(".stack-invalid");
      message.hidden = !(invalid && evaluate(invalid[0], answers));
      message.textContent = message.hidden ? "" : invalid[1];
      isValid &&= message.hidden;
    }
    const start = "uvx --from 'copier>=9.19,<10' copier copy --quiet --defaults";
    command.textContent = isValid ? [start, ...data, template, folder(answers)].join(" ") : "";
  };

  /* A link such as #preset=api&use_api_keys=true makes these choices, and no others. */
  const follow = () => {
    const wanted = [...new URLSearchParams(location.hash.slice(1))].filter(([name]) => name in byName);
    if (!wanted.length) return;
    for (const name of Object.keys(chosen)) if (byName[name].part || name === "preset") delete chosen[name];
    for (const [name, text] of wanted) chosen[name] = byName[name].type === "bool" ? text === "true" : text;
    update();
  };

  const isPart = ({ part, name }) => part || name === "preset";
  const group = (title, members) =>
    element("fieldset", {}, element("legend", {}, title), ...members.map(field));
  form.append(group("Parts", questions.filter(isPart)), group("Names", questions.filter((each) => !isPart(each))));
  form.addEventListener("input", ({ target }) => {
    chosen[target.name] = target.type === "checkbox" ? target.checked : target.value;
    update();
  });
  document.getElementById("stack-copy").addEventListener("click", async ({ target }) => {
    await navigator.clipboard.writeText(command.textContent);
    target.textContent = "Copied";
    setTimeout(() => (target.textContent = "Copy"), 2000);
  });
  window.addEventListener("hashchange", follow);
  update();
  follow();
})();
