// Seals or opens standard input with typage: node typage.mjs seal RECIPIENT…, node typage.mjs open IDENTITY
import { Decrypter, Encrypter } from "age-encryption";
import { buffer } from "node:stream/consumers";

const [action, ...keys] = process.argv.slice(2);
const input = await buffer(process.stdin);
const age = action === "seal" ? new Encrypter() : new Decrypter();
for (const key of keys) {
  if (action === "seal") age.addRecipient(key);
  else age.addIdentity(key);
}
process.stdout.write(await (action === "seal" ? age.encrypt(input) : age.decrypt(input)));
