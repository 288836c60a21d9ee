# Says what xmlsec1's library makes of documents: each line of the input is {"cert": file, "id": [namespace, name], "message": bool,
# "doc": base64}, each line of the answer "accepts" or "refuses". The key is that of the certificate and KeyInfo is not read; the first
# ds:Signature is verified and Id is an Id on the named elements, as by xmlsec1 --id-attr:Id, and in a message wsu:Id on all; algorithms
# are those of package sig. It fetches nothing: a reference to elsewhere is refused, as by --enabled-reference-uris empty,same-doc. It
# needs python3-xmlsec.
import base64
import json
import sys

import xmlsec
from lxml import etree

T = xmlsec.Transform
SIGNATURE = [T.EXCL_C14N, T.RSA_SHA256, T.RSA_SHA384, T.RSA_SHA512, T.ECDSA_SHA256, T.ECDSA_SHA384, T.ECDSA_SHA512]
REFERENCE = [T.ENVELOPED, T.EXCL_C14N, T.SHA256, T.SHA384, T.SHA512]
DS = "{http://www.w3.org/2000/09/xmldsig#}"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"


def accepts(question):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, strip_cdata=False)
    root = etree.fromstring(base64.b64decode(question["doc"]), parser)
    signature = next(root.iter(DS + "Signature"))
    if any(r.get("URI", "")[:1] not in ("", "#") for r in signature.iter(DS + "Reference")):
        return False
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(question["cert"], xmlsec.KeyFormat.CERT_PEM)
    for transform in SIGNATURE:
        context.enable_signature_transform(transform)
    for transform in REFERENCE:
        context.enable_reference_transform(transform)
    for node in root.iter("{%s}%s" % tuple(question["id"])):
        if node.get("Id") is not None:
            context.register_id(node, "Id")
    for node in root.iter(etree.Element) if question["message"] else ():
        if node.get("{%s}Id" % WSU) is not None:
            context.register_id(node, "Id", WSU)
    context.verify(signature)
    return True


for line in sys.stdin:
    try:
        answer = accepts(json.loads(line))
    except (xmlsec.Error, etree.XMLSyntaxError, StopIteration):
        answer = False
    print("accepts" if answer else "refuses", flush=False)
