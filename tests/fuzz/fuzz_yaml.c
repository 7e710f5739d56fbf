/* fuzz_yaml.c - yaml_parse on any bytes: it refuses them with status 2 and says where, or every
 * node has a place and can be found by its key. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/opt/yaml.h"

#include <stdlib.h>
#include <string.h>

static void read_node(const struct yaml_node *n)
{
    struct location at = yaml_location(n);

    CHECK(at.line >= 1 && at.col >= 1, "%d:%d", at.line, at.col);
    CHECK((yaml_kind(n) == YAML_SCALAR) == (yaml_text(n) != NULL), "%d", (int)yaml_kind(n));
    for (int i = 0; i < yaml_count(n); i++) {
        if (yaml_kind(n) == YAML_MAP)
            CHECK(yaml_get(n, yaml_key(n, i)) == yaml_item(n, i), "%d", i);
        read_node(yaml_item(n, i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(fuzz_begin(data, size));
    struct yaml *y = yaml_parse("f", text);

    if (y) {
        read_node(yaml_root(y));
    } else {
        fuzz_refused(FUZZ_USAGE);
        CHECK(strncmp(fail_text(), "f:", 2) == 0, "%s", fail_text());
    }
    yaml_free(y);
    free(text);
    fuzz_end();
    return 0;
}
