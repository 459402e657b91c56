/* SPDX-License-Identifier: Apache-2.0 */
/* Known answers of ChaCha20 and Poly1305 in IPsec. */
#ifndef QW_TESTS_VECTORS_IPSEC_H
#define QW_TESTS_VECTORS_IPSEC_H

/* [RFC 7634 A] [RFC 7634 B]: key and salt of both. */
#define RFC7634_KEYMAT "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3"

/* A packet of ESP: an echo request with the padding 1, 2 and the next header 4. */
#define RFC7634_ESP \
    "0102030400000005" \
    "1011121314151617" \
    "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6" \
    "14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3" \
    "cbec163fac469b502773f6fb94e664da9165b82829f641e0" \
    "76aaa8266b7fb0f7b11b369907e1ad43"

/* A message of IKE: a head of 32 octets, with the generic one of the encrypted payload, IV,
 * ciphertext, tag; and the notification inside, without the length of its padding. */
#define RFC7634_IKE \
    "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029" \
    "1011121314151617" \
    "61039470" \
    "1f8d017f7c12924889" \
    "6b71bfe25236efd7cdc67066906315b2"
#define RFC7634_IKE_TEXT "0000000c000040010000000a"

#endif
