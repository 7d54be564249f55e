/* Asks for the page again in so many seconds, when its figures will have been counted. */
(() => {
    "use strict";
    const { again } = document.querySelector("[data-again]").dataset;
    setTimeout(() => window.location.reload(), Number(again) * 1000);
})();
