// The mails in test/mime/corpus/: each with what must be read from it. A file holds one group of rules:
//
//   === what this mail is about          (add "raw": nothing is put before it)
//   Subject: caf{{E9}}                   the mail; From and MIME-Version are put before it where it has none
//   ---
//   subject: café                        what must be read; see facts_of() in corpus.cpp
//
// In a mail {{E9 80}} are octets; {{repeat 3 text}}, {{base64 text}}, {{winmail …}}, {{signed text}}, {{streamed
// text}} and {{encrypted text}} are made; {{n}} is a line end within them. In what is expected \n is one.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postroom::mime {

using Facts = std::vector<std::pair<std::string, std::string>>;

struct CorpusMail {
    std::string group;
    std::string name;
    std::string bytes;
    Facts expected;
};
[[nodiscard]] std::vector<CorpusMail> corpus();

/// What {{…}} stands for, without its braces.
[[nodiscard]] std::string made(std::string_view directive);
/// winmail.dat of what `items` say, separated by |: see winmail.cpp.
[[nodiscard]] std::string winmail(std::string_view items);

}  // namespace postroom::mime
