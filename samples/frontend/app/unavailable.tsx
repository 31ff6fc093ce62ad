/** The page is there without its backend, and says so. */
export function Unavailable() {
  return (
    <p role="alert" data-backend="away">
      The shop is not available at the moment. Please try again in a minute.
    </p>
  );
}
