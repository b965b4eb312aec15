const show = document.getElementById("show");
const password = document.getElementById("password");
if (show && password) {
  show.addEventListener("change", () => {
    password.type = show.checked ? "text" : "password";
  });
}
