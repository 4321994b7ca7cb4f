// Sends what was typed to POST /api/echo, and shows what comes back.
const form = document.getElementById("echo");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = document.getElementById("words").value;
  const answer = await fetch("api/echo", { method: "POST", body: words });
  document.getElementById("answer").value = await answer.text();
});
