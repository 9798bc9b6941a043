// Conveniences only: everything is there and works without this script.
(function () {
  "use strict";
  function select(pre) {
    var range = document.createRange();
    range.selectNodeContents(pre);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }
  function copy(pre, button) {
    function done(said) {
      button.textContent = said;
      button.classList.toggle("done", said === "Copied");
      window.setTimeout(function () {
        button.textContent = "Copy";
        button.classList.remove("done");
      }, 2000);
    }
    function byHand() {
      select(pre);
      var ok = false;
      try { ok = document.execCommand("copy"); } catch (e) { ok = false; }
      done(ok ? "Copied" : "Selected");
    }
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(pre.textContent).then(function () { done("Copied"); }, byHand);
    } else {
      byHand();
    }
  }
  document.querySelectorAll("pre").forEach(function (pre) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", function () { copy(pre, button); });
    var box = document.createElement("div");
    box.className = "copyable";
    pre.replaceWith(box);
    box.append(pre, button);
  });
  document.querySelectorAll("ul.tree").forEach(function (tree) {
    if (!tree.querySelector("details")) { return; }
    var row = document.createElement("p");
    row.className = "fold";
    [["Unfold all", true], ["Fold all", false]].forEach(function (kind) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = kind[0];
      button.addEventListener("click", function () {
        tree.querySelectorAll("details").forEach(function (d) { d.open = kind[1]; });
      });
      row.append(button);
    });
    tree.before(row);
  });
  // Paper does not unfold.
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = Array.from(document.querySelectorAll("details:not([open])"));
    folded.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () {
    folded.forEach(function (d) { d.open = false; });
  });
})();
