package mapping

import "ccpor/mapping/order"

func (r *reader) document() (doc order.Document) {
	for d := r.Depth(); r.child(d); {
		switch r.Name().Local {
		case "DocumentIdentification":
			doc.ID = r.token()
		case "DocumentRoleCode":
			doc.Role = r.token()
		case "DocumentMediaTypeText":
			doc.Media = r.token()
		case "DocumentByteCount":
			doc.Bytes = int64(r.number())
		case "DocumentPageCount":
			doc.Pages = r.number()
		case "DocumentSHA256":
			doc.SHA256 = r.token()
		default:
			r.unknown()
		}
	}
	return doc
}
