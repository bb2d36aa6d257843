// What Swift cannot see of oniguruma: addresses that hide behind macros.
#ifndef HEED_ONIGURUMA_SHIM_H
#define HEED_ONIGURUMA_SHIM_H

#include <oniguruma.h>

/// Compiles a pattern in UTF-8; returns ONIG_NORMAL or a negative error.
static inline int heed_onig_compile(regex_t **regex, const unsigned char *pattern, const unsigned char *end,
                                    OnigErrorInfo *info) {
    return onig_new(regex, pattern, end, ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_ONIGURUMA, info);
}

static inline int heed_onig_initialize(void) {
    OnigEncoding encoding = ONIG_ENCODING_UTF8;
    return onig_initialize(&encoding, 1);
}

/// Whether an error says that a search took more than its limits allow.
static inline int heed_onig_is_limit(int error) {
    return error == ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER || error == ONIGERR_RETRY_LIMIT_IN_MATCH_OVER;
}

/// The words of an error; `text` has room for ONIG_MAX_ERROR_MESSAGE_LEN bytes. Returns their number.
static inline int heed_onig_message(unsigned char *text, int error, OnigErrorInfo *info) {
    return onig_error_code_to_str(text, error, info);
}

static inline int heed_onig_message_size(void) {
    return ONIG_MAX_ERROR_MESSAGE_LEN;
}

#endif
