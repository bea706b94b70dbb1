/** The first call with a key, in the published page's three languages. */
export interface Sample {
  name: string;
  code: string;
}

export function firstCallSamples(origin: string = window.location.origin): Sample[] {
  return [
    {
      name: "curl",
      code: `curl ${origin}/api/v1/me \\\n  -H "x-api-key: $JUSTPAID_API_KEY"`,
    },
    {
      name: "JavaScript",
      code: `const response = await fetch("${origin}/api/v1/me", {
  headers: { "x-api-key": process.env.JUSTPAID_API_KEY },
});
if (!response.ok) {
  throw new Error(\`\${response.status}: \${await response.text()}\`);
}
const { data } = await response.json();
console.log(data.company.name);`,
    },
    {
      name: "Python",
      code: `import os

import requests

response = requests.get(
    "${origin}/api/v1/me",
    headers={"x-api-key": os.environ["JUSTPAID_API_KEY"]},
    timeout=30,
)
response.raise_for_status()
print(response.json()["data"]["company"]["name"])`,
    },
  ];
}
