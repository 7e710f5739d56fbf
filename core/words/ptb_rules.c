/* ptb_rules.c - the words of the Penn Treebank, as the PTBTokenizer of Stanford CoreNLP 3.4.1
 * divides text by default. Every automaton state of that program was compared with this table
 * (tests/golden/score/ptb).
 *
 * The order of the rules matters where two of them match the same characters. */
#include "core/words/ptb_rules.h"

#define DIGIT "[\\D\\u07C0-\\u07C9]"
/* Accents and signs of many scripts that are parts of words without being letters. */
#define MARKS                                                                                      \
    "\\u00AD\\u0237-\\u024F\\u02C2-\\u02C5\\u02D2-\\u02DF\\u02E5-\\u02FF\\u0300-\\u037D\\u0384"    \
    "\\u0385\\u03CF\\u03F6\\u03FC-\\u03FF\\u0483-\\u0487\\u04CF\\u04F6-\\u04FF\\u0510-\\u0525"     \
    "\\u055A-\\u055F\\u0591-\\u05BD\\u05BF\\u05C1\\u05C2\\u05C4\\u05C5\\u05C7\\u0615-\\u061A"      \
    "\\u063B-\\u063F\\u064B-\\u065E\\u0670\\u06D6-\\u06EF\\u06FA-\\u06FF\\u070F\\u0711"            \
    "\\u0730-\\u077F\\u07A6-\\u07B1\\u07CA-\\u07F5\\u07FA\\u0900-\\u0903\\u093C\\u093E-\\u094E"    \
    "\\u0951-\\u0955\\u0962-\\u0963\\u0981-\\u0983\\u09BC-\\u09C4\\u09C7\\u09C8\\u09CB-\\u09CD"    \
    "\\u09D7\\u09E2\\u09E3\\u0A01-\\u0A03\\u0A3C\\u0A3E-\\u0A4F\\u0A81-\\u0A83\\u0ABC-\\u0ACF"     \
    "\\u0B82\\u0BBE-\\u0BC2\\u0BC6-\\u0BC8\\u0BCA-\\u0BCD\\u0C01-\\u0C03\\u0C3E-\\u0C56"           \
    "\\u0D3E-\\u0D44\\u0D46-\\u0D48\\u0E30-\\u0E3A\\u0E47-\\u0E4E\\u0EB1-\\u0EBC\\u0EC8-\\u0ECD"
/* Symbols that are tokens of their own. */
#define SYMBOLS                                                                                    \
    "+%&~\\^|\\\\\\u00A6-\\u00A9\\u00AC\\u00AE-\\u00BA\\u00D7\\u00F7\\u0387\\u05BE\\u05C0\\u05C3"  \
    "\\u05C6\\u05F3\\u05F4\\u0600-\\u0603\\u0606-\\u060A\\u060C\\u0614\\u061B\\u061E\\u066A"       \
    "\\u066D\\u0703-\\u070D\\u07F6-\\u07F8\\u0964\\u0965\\u0E4F\\u1FBD\\u2016\\u2017"              \
    "\\u2020-\\u2023\\u2030-\\u2038\\u203B\\u203E-\\u2042\\u2044\\u207A-\\u207F\\u208A-\\u208E"    \
    "\\u2100-\\u214F\\u2190-\\u2BFF\\u3012\\u30FB\\uFF01-\\uFF0F\\uFF1A-\\uFF20\\uFF3B-\\uFF40"    \
    "\\uFF5B-\\uFF65"
/* Words that begin a sentence after an acronym. */
#define OPENERS                                                                                    \
    "([A]|[A]bout|[A]ccording|[A]dditionally|[A]fter|[A]n|[A]s|[A]t|[B]ut|[E]arlier|[H]er?|"       \
    "[H]ere|[H]owever|[I]f|[I]n|[I]t|[L]ast|[M]any|[M]ore|[M]r\\.|[M]s\\.|[N]ow|[O]nce|[O]ne|"     \
    "[O]ther|[O]ur|[S]he|[S]ince|[S]o|[S]ome|[S]uch|[T]hat|[T]he|[T]heir|[T]hen|[T]here|"          \
    "[T]hese|[T]hey|[T]his|[W]e|[W]hen|[W]hile|[W]hat|[Y]et|[Y]ou)"

const struct lex_macro ptb_macros[] = {
    { "DIGIT", DIGIT },
    { "SPACE", "[ \\u0009\\u00A0\\u2000-\\u200A\\u3000]" },
    { "NEWLINE", "\\u000D|\\u000D?\\u000A|\\u2028|\\u2029|\\u000B|\\u000C|\\u0085" },
    { "SPACENL", "({SPACE}|{NEWLINE})" },
    { "NAME", "[A-Za-z][A-Za-z0-9_:.\\-]*" },
    { "SGML", "<([!?][A-Za-z\\-][^>\\u000D\\u000A]*|/{NAME}|"
              "{NAME}( +{NAME}( *= *('[^']*'|\"[^\"]*\"))?)* */?) *>" },
    { "ACCENTED", "&[aeiouAEIOU](acute|grave|uml);" },
    { "LETTER", "([\\L" MARKS "]|{ACCENTED})" },
    { "WORD", "{LETTER}({LETTER}|{DIGIT})*([.!?]{LETTER}({LETTER}|{DIGIT})*)*" },
    { "NUM", "({DIGIT}+|{DIGIT}*([.:,\\u00AD\\u066B\\u066C]{DIGIT}+)+)" },
    { "NUMBER", "[\\-+]?{NUM}" },
    { "APOS", "(['\\u0092\\u2019]|&apos;)" },
    { "ANYAPOS", "(['`\\u0092\\u2019\\u0091\\u2018\\u201B]|&apos;)" },
    { "HYPHEN", "[\\-_\\u058A\\u2010\\u2011]" },
    { "ALNUM", "[\\L\\D]" },
    { "ACRO", "([A-Za-z](\\.[A-Za-z])+|(Canada|Sino|Korean|EU|Japan|non)-U\\.S|"
              "U\\.S\\.-(U\\.K|U\\.S\\.S\\.R))" },
    { "REDAUX", "{APOS}([msdMSD]|re|ve|ll)" },
    { "NOT", "n{ANYAPOS}t" },
    { "EXTENSION", "(bat|bmp|c|class|cgi|cpp|dll|docx?|exe|gif|gz|h|html?|jar|java|jpe?g|mov|mp3|"
                   "pdf|php|pl|png|pptx?|ps|py|sql|tar|txt|wav|x|xml|zip|3gp|wm[va]|avi|flv|"
                   "mp[34g])" },
    /* Abbreviations that are often followed by a lower case word. */
    { "MONTH", "(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)" },
    { "DAY", "(Mon|Tues?|Wed|Thu(rs)?|Fri)" },
    { "STATE", "(Ala|Ariz|[A]z|[A]rk|Calif|Colo|Conn|Ct|Dak|[D]el|Fla|Ga|[I]ll|Ind|Kans?|Ky|"
               "[L]a|[M]ass|Md|Mich|Minn|[M]iss|Mo|Mont|Neb|Nev|Okla|[O]re|[P]a|Penn|Tenn|[T]ex|"
               "Va|Vt|[W]ash|Wisc?|Wyo)" },
    { "COMPANY", "(Inc|Cos?|Corp|Pp?t[ye]s?|Ltd|Plc|Rt|Bancorp|Bhd|Assn|Univ|Intl|Sys)" },
    { "LOWER", "({MONTH}|{DAY}|{STATE}|{COMPANY}|tel|est|ext|sq|Jr|Sr|Bros|(Ed|Ph)\\.D|"
               "Blvd|Rd|Esq|etc|al|seq|Bldg)\\." },
    /* Those that are often followed by an upper case word. */
    { "TITLE", "(Mr|Mrs|Ms|[M]iss|Drs?|Profs?|Sens?|Reps?|Attys?|Lt|Col|Gen|Messrs|Govs?|Adm|Rev|"
               "Maj|Sgt|Cpl|Pvt|Mt|Capt|Ste?|Ave|Pres|Lieut|Hon|Brig|Co?mdr|Pfc|Spc|Supts?|Det|Ft|"
               "Adj|Adv|Asst|Assoc|Ens|Insp|Mlle|Mme|Msgr|Sfc)" },
    { "UPPER", "({TITLE}|vs|Alex|Wm|Jos|Cie|a\\.k\\.a|cf|TREAS|Ph|[A-Za-z]|{ACRO}|Invt|Elec|Natl|"
               "M[ft]g|Dept)" },
    { "QUOTES", "({APOS}|''|[`\\u2018-\\u201F\\u0091-\\u0094\\u2039\\u203A\\u00AB\\u00BB]{1,2})" },
    { "DOUBLE", "(\"|&quot;)" },
    { "PART", "[A-Za-z0-9]+(-[A-Za-z]+){0,2}" },
    { NULL, NULL }
};

const struct lex_rule ptb_rules[] = {
    { "c\\+\\+|[cCfF]#", NULL, PTB_KEEP },
    { "cannot|'twas", NULL, PTB_LEAVE_3 },
    { "gonna|gotta|lemme|gimme|wanna|'tis", NULL, PTB_LEAVE_2 },
    { "{SGML}", NULL, PTB_JOIN },
    { "&(MD|mdash|ndash);|[\\u0096\\u0097\\u2013\\u2014\\u2015]", NULL, PTB_DASH },
    { "&amp;", NULL, PTB_AMP },
    { "&(HT|TL|UR|LR|QC|QL|QR|odq|cdq|#[0-9]+);", NULL, PTB_KEEP },
    { "{WORD}", "{REDAUX}", PTB_WORD },
    { "[A-Za-z\\u00AD]*[A-MO-Za-mo-z]\\u00AD*", "{NOT}", PTB_WORD },
    { "{WORD}", NULL, PTB_WORD },
    { "{APOS}n{APOS}?|[lLdDjJ]{APOS}|Dunkin{APOS}|somethin{APOS}|ol{APOS}|{APOS}em|"
      "[A-HJ-XZn]{ANYAPOS}[\\L]{2}[\\L]*|{APOS}[2-9]0s|{APOS}till?|"
      "[\\L][\\L]*[aeiouyAEIOUY]{ANYAPOS}[aeiouA-Z][\\L]*|{APOS}cause|cont'd\\.?|'twas|nor'easter|"
      "c'mon|e'er|s'mores|ev'ry|li'l|nat'l|O{ANYAPOS}o",
      NULL, PTB_KEEP },
    { "y{APOS}", "[\\L]", PTB_KEEP },
    { "https?://[^ \\u0009\\u000A\\u000C\\u000D\"<>|(){}]+"
      "[^ \\u0009\\u000A\\u000C\\u000D\"<>|.!?(){},\\-]",
      NULL, PTB_KEEP },
    { "((www\\.([^ \\u0009\\u000A\\u000C\\u000D\"<>|.!?(){},]+\\.)+[a-zA-Z]{2,4})|"
      "(([^ \\u0009\\u000A\\u000C\\u000D\"`'<>|.!?(){},-_$]+\\.)+(com|net|org|edu)))"
      "(/[^ \\u0009\\u000A\\u000C\\u000D\"<>|()]+[^ "
      "\\u0009\\u000A\\u000C\\u000D\"<>|.!?(){},\\-])?",
      NULL, PTB_KEEP },
    { "(&lt;|<)?[a-zA-Z0-9][^ \\u0009\\u000A\\u000C\\u000D\"<>|(){}\\u00A0]*"
      "@([^ \\u0009\\u000A\\u000C\\u000D\"<>|(){}.\\u00A0]+\\.)*"
      "[^ \\u0009\\u000A\\u000C\\u000D\"<>|(){}.\\u00A0]+(&gt;|>)?",
      NULL, PTB_KEEP },
    { "@[a-zA-Z_][a-zA-Z_0-9]*|#{LETTER}+", NULL, PTB_KEEP },
    { "{REDAUX}", "[^A-Za-z]", PTB_RIGHT },
    { "{NOT}", "[^A-Za-z]", PTB_RIGHT },
    { "{DIGIT}{1,2}[\\-/]{DIGIT}{1,2}[\\-/]{DIGIT}{2,4}", NULL, PTB_KEEP },
    { "{NUMBER}", NULL, PTB_WORD },
    { "[\\u207A\\u207B\\u208A\\u208B]?([\\u2070\\u00B9\\u00B2\\u00B3\\u2074-\\u2079]+|"
      "[\\u2080-\\u2089]+)",
      NULL, PTB_KEEP },
    { "({DIGIT}{1,4}[\\- \\u00A0])?{DIGIT}{1,4}(\\\\?/|\\u2044){DIGIT}{1,4}", NULL, PTB_JOIN },
    { "[\\u00BC\\u00BD\\u00BE\\u2153-\\u215E]", NULL, PTB_FRACTION },
    { "-(RRB|LRB|RCB|LCB|RSB|LSB)-|C\\.D\\.s|pro-|anti-|S(&|&amp;)P-500|S(&|&amp;)Ls|"
      "Cap{APOS}n|c{APOS}est",
      NULL, PTB_AMP },
    { "{PART}(\\\\?/{PART}){1,2}", NULL, PTB_KEEP },
    { "[A-Z]*$|#", NULL, PTB_KEEP },
    { "[\\u00A2-\\u00A5\\u0080\\u20A0\\u20AC\\u060B\\u0E3F\\u20A4\\uFFE0\\uFFE1\\uFFE5\\uFFE6]",
      NULL, PTB_CURRENCY },
    { "({ACRO}|[A-Za-z])\\.", "{SPACENL}+(" OPENERS "|{SGML}){SPACENL}", PTB_ACRONYM },
    { "(ca|figs?|prop|nos?|art|bldg|pp|op)\\.", "{SPACENL}?[\\D]", PTB_KEEP },
    { "(pt[eyEY]|co)\\.", "{SPACE}(ltd|lim)", PTB_KEEP },
    { "{LOWER}", "{SPACENL}({SPACENL}|[\\U]|{SGML})", PTB_SENTENCE },
    { "{LOWER}", "[^][^]", PTB_KEEP },
    { "{LOWER}", NULL, PTB_SENTENCE }, /* at the very end */
    { "{UPPER}\\.", NULL, PTB_KEEP },
    { "{UPPER}", "{SPACE}", PTB_KEEP },
    { "{ACRO}", "{SPACENL}", PTB_KEEP },
    { "{APOS}[0-9][0-9]", "{SPACENL}", PTB_KEEP },
    { "({LETTER}|{DIGIT})+(\\.({LETTER}|{DIGIT})+)*\\.{EXTENSION}", "({SPACENL}|[.?!,])",
      PTB_KEEP },
    { "{WORD}\\.", "[,;:\\u3001]", PTB_WORD },
    { "(\\([0-9]{2,3}\\)[ \\u00A0]?|(\\+\\+?)?([0-9]{2,4}[\\- \\u00A0])?[0-9]{2,4}[\\- \\u00A0])"
      "[0-9]{3,4}[\\- \\u00A0]?[0-9]{3,5}|"
      "((\\+\\+?)?[0-9]{2,4}\\.)?[0-9]{2,4}\\.[0-9]{3,4}\\.[0-9]{3,5}",
      NULL, PTB_PHONE },
    { "{DOUBLE}", "[A-Za-z0-9$]", PTB_LEFT },
    { "{DOUBLE}", NULL, PTB_RIGHT },
    { "\\u007F", NULL, PTB_SPACE },
    { "<|&lt;", NULL, PTB_LESS },
    { ">|&gt;", NULL, PTB_GREATER },
    { "[<>]?[:;=][\\-o*']?[()DPdpO\\\\\\{@|\\[\\]]", "[^A-Za-z0-9]", PTB_PHONE },
    { "[\\^x=~<>]\\.\\[\\^x=[^<]*<>\\]|[\\-\\^x=~<>']_[\\-\\^x=~<>']|\\([\\-\\^x=~<>'][_.]?[\\-\\^"
      "x=~<>']\\)|"
      "\\([\\^x=~<>']-[\\^x=~<>'`]\\)",
      NULL, PTB_PHONE },
    { "\\{", NULL, PTB_LCB },
    { "\\}", NULL, PTB_RCB },
    { "\\[", NULL, PTB_LSB },
    { "\\]", NULL, PTB_RSB },
    { "\\(", NULL, PTB_LRB },
    { "\\)", NULL, PTB_RRB },
    { "-+", NULL, PTB_HYPHENS },
    { "\\.{3,5}|(\\.[ \\u00A0]){2,4}\\.|[\\u0085\\u2026]", NULL, PTB_ELLIPSIS },
    { "@+|#+|_+|\\*+|(\\\\\\*){1,3}", NULL, PTB_KEEP },
    { "[,;:\\u3001]", NULL, PTB_KEEP },
    { "[?!]+", NULL, PTB_KEEP },
    { "[.\\u00A1\\u00BF\\u037E\\u0589\\u061F\\u06D4\\u0700-\\u0702\\u07FA\\u3002]", NULL,
      PTB_KEEP },
    { "=", NULL, PTB_KEEP },
    { "/", NULL, PTB_KEEP },
    { "[A-Za-z0-9][A-Za-z0-9.,\\u00AD]*(-([A-Za-z0-9\\u00AD]+|{ACRO}\\.))+\\.", "[,;:\\u3001]",
      PTB_WORD },
    { "[A-Za-z0-9][A-Za-z0-9.,\\u00AD]*(-([A-Za-z0-9\\u00AD]+|{ACRO}\\.))+", NULL, PTB_WORD },
    { "([dDoOlL]{ANYAPOS}{ALNUM})?{ALNUM}+"
      "({HYPHEN}([dDoOlL]{ANYAPOS}{ALNUM})?{ALNUM}+)*\\.",
      "[,;:\\u3001]", PTB_KEEP },
    { "([dDoOlL]{ANYAPOS}{ALNUM})?{ALNUM}+"
      "({HYPHEN}([dDoOlL]{ANYAPOS}{ALNUM})?{ALNUM}+)*",
      NULL, PTB_KEEP },
    { "[A-Z]+(([+&]|&amp;)[A-Z]+)+\\.", "[,;:\\u3001]", PTB_AMP },
    { "[A-Z]+(([+&]|&amp;)[A-Z]+)+", NULL, PTB_AMP },
    { "'", "[A-Za-z][^ \\u0009\\u000A\\u000D\\u00A0]", PTB_LEFT },
    { "{REDAUX}", NULL, PTB_RIGHT },
    { "{QUOTES}", NULL, PTB_RIGHT },
    { "{NOT}", NULL, PTB_RIGHT },
    { "<<|>>", NULL, PTB_KEEP },
    { "[" SYMBOLS "]", NULL, PTB_KEEP },
    { "\\u0000|{SPACE}+|[\\u200B\\u200E\\u200F\\uFEFF]|&nbsp;", NULL, PTB_SPACE },
    { "{NEWLINE}", NULL, PTB_NEWLINE },
    { NULL, NULL, 0 }
};
