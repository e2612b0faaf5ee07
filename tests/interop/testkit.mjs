// Prints the C2SP/CCTV age testkit as JSON: {vector name: Base64 of the vector file}.
import * as testkit from "cctv-age";

const vectors = Object.entries(testkit).map(([name, file]) => [name, Buffer.from(file).toString("base64")]);
process.stdout.write(JSON.stringify(Object.fromEntries(vectors)));
