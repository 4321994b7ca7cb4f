// Sends what is typed. No other page can read the token.
const form = document.querySelector("#say");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch("/lines", {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${form.dataset.token}`,
    },
    body: JSON.stringify(form.elements.line.value),
  }).catch(() => ({ ok: false, statusText: "the node does not answer" }));
  if (response.ok) {
    location.reload();
  } else {
    document.querySelector("#result").textContent = response.statusText;
  }
});
