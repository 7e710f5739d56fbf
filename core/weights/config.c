/* config.c - reading single settings of a model's configuration. */
#include "core/weights/config.h"

#include "core/weights/gguf_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *config_shown(const struct config *c, const char *key)
{
    const char *own = c->is_gguf ? gguf_model_key(key) : NULL;

    return own ? own : key;
}

int config_bad_value(const struct config *c, const char *key, const char *wanted)
{
    const json_t *v = json_object_get(c->j, key);
    char *text = v ? json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    int rc;

    if (v)
        rc = fail(FAIL_INPUT, "'%s': %s is %.60s; it must be %s", c->path, config_shown(c, key),
                  text ? text : "odd", wanted);
    else
        rc = fail(FAIL_INPUT, "'%s': %s is missing; it must be %s", c->path, config_shown(c, key),
                  wanted);
    free(text);
    return rc;
}

static int read_tied(struct dims *d, const struct setting *s, bool tied)
{
    *(bool *)((char *)d + s->at) = !tied;
    return 0;
}

int config_setting(struct dims *d, const struct config *c, const struct setting *s)
{
    const json_t *j = json_object_get(c->j, s->key);
    bool required = s->def < s->min; /* not when it is NAN */
    char wanted[80];
    double x = s->def;

    snprintf(wanted, sizeof wanted, "a %snumber from %.10g to %.10g",
             s->kind == SET_WHOLE ? "whole " : "", s->min, s->max);
    if (j && (required || !json_is_null(j))) {
        if (s->kind == SET_TIED)
            return json_is_boolean(j) ? read_tied(d, s, json_is_true(j))
                                      : config_bad_value(c, s->key, "true or false");
        if (s->kind == SET_WHOLE ? !json_is_integer(j) : !json_is_number(j))
            return config_bad_value(c, s->key, wanted);
        x = json_number_value(j);
    }
    if (isnan(x))
        return 0;
    if (s->kind == SET_TIED)
        return read_tied(d, s, x != 0);
    if (x < s->min || x > s->max)
        return config_bad_value(c, s->key, wanted);
    if (s->kind == SET_WHOLE)
        *(int *)((char *)d + s->at) = (int)x;
    else
        *(double *)((char *)d + s->at) = x;
    return 0;
}

int config_flag(bool *to, const struct config *c, const char *key, bool absent)
{
    const json_t *j = json_object_get(c->j, key);

    *to = j ? json_is_true(j) : absent;
    return !j || json_is_boolean(j) ? 0 : config_bad_value(c, key, "true or false");
}

int config_act(enum act *to, const struct config *c, const char *key, enum act absent)
{
    const json_t *j = json_object_get(c->j, key);
    int act = !j ? (int)absent : json_is_string(j) ? act_from_name(json_string_value(j)) : -1;

    if (act < 0)
        return config_bad_value(c, key,
                                "gelu, gelu_new, gelu_pytorch_tanh, relu, silu, swish or tanh");
    *to = (enum act)act;
    return 0;
}
