export default function Page() {
  return <p>Prufuverslun</p>;
}
