/* fuzz_yaml.c - any bytes: the reader refuses them and says where, or every node can be read.
 *
 *   sh tests/fuzz/run.sh 60 */
#include "core/opt/yaml.h"
#include "core/base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    char *text = xalloc(size + 1, 1);

    memcpy(text, data, size);
    fail(FAIL_RUN, "none");
    struct yaml *y = yaml_parse("f", text);
    if (y)
        read_node(yaml_root(y));
    else
        CHECK(fail_code() == FAIL_USAGE && strncmp(fail_text(), "f:", 2) == 0, "%s", fail_text());
    yaml_free(y);
    free(text);
    return 0;
}
