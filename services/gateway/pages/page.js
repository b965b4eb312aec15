// The eye icon: shows or hides the password that is being typed. Without this script
// the button stays hidden, and the page does everything else.
for (const eye of document.querySelectorAll("button.eye")) {
  const input = document.getElementById(eye.getAttribute("aria-controls"));
  eye.hidden = false;
  eye.addEventListener("click", () => {
    const isShown = input.type === "password";
    input.type = isShown ? "text" : "password";
    eye.setAttribute("aria-pressed", String(isShown));
    eye.setAttribute("aria-label", isShown ? "Sembunyikan kata sandi" : "Tampilkan kata sandi");
    input.focus();
  });
  // What was shown is hidden again before it is sent, so that no browser remembers it.
  input.form.addEventListener("submit", () => { input.type = "password"; });
}
