package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"ccpor/picture"
	"ccpor/picture/nature"
)

// pictures says where compiled code of the pictures of pages is kept.
type pictures struct {
	Folder string `name:"pictures-dir" env:"CCPOR_PICTURES_DIR" type:"path" help:"Folder in which the compiled code of what draws pages is kept (21 MB), for this user alone. Empty: a temporary one, and half a minute of compiling at each start." placeholder:"DIR"`
}

type pictureCommand struct {
	Pictures pictures `embed:""`

	Page  int    `default:"1" help:"Page to draw."`
	Width int    `default:"1200" help:"Its width in pixels; a scan is not enlarged."`
	Out   string `type:"path" help:"File to write the picture of the page to; one that is there is not overwritten. Without it the document is described only." placeholder:"FILE"`

	File string `arg:"" type:"path" help:"A PDF, TIFF or JPEG."`
}

// Run says what the document is, and draws a page of it if asked to. Status 1: there is no picture of it.
func (c *pictureCommand) Run(ctx context.Context, t *terminal) error {
	document, err := readDocument(c.File)
	if err != nil {
		return err
	}
	r, err := picture.New(picture.Options{Folder: c.Pictures.Folder})
	if err != nil {
		return err
	}
	defer r.Close()
	media := nature.Media(document)
	if c.Out != "" {
		return c.draw(ctx, t, r, media, document)
	}
	d, err := r.Look(ctx, media, document)
	if err != nil {
		return err
	}
	if err := t.print(d, "%s", describePicture(d)); err != nil {
		return err
	}
	if d.Refused != "" {
		return exitStatus(1)
	}
	return nil
}

func (c *pictureCommand) draw(ctx context.Context, t *terminal, r *picture.Renderer, media string, document []byte) error {
	p, err := r.Page(ctx, media, document, c.Page, c.Width)
	var refused *picture.Refusal
	if errors.As(err, &refused) {
		return fmt.Errorf("page %d: %w", c.Page, err)
	}
	if err != nil {
		return err
	}
	if err := writeNew(c.Out, p.Bytes); err != nil {
		return err
	}
	return t.print(struct {
		Media  string `json:"media"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
	}{p.Media, p.Width, p.Height}, "%s: page %d, %s, %d by %d pixels.\n", c.Out, c.Page, p.Media, p.Width, p.Height)
}

const mostDocument = 64 << 20

func readDocument(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostDocument+1))
	if err == nil && len(b) > mostDocument {
		err = fmt.Errorf("%s has more than %d bytes", name, mostDocument)
	}
	return b, err
}

func describePicture(d picture.Document) string {
	var b strings.Builder
	switch {
	case d.Refused != "":
		fmt.Fprintf(&b, "No picture can be made of it: %s.\n", d.Refused)
	case len(d.Sizes) == 0: // the first page cannot be read
		fmt.Fprintf(&b, "%s, pages: %d.\n", d.Media, d.Pages)
	default:
		fmt.Fprintf(&b, "%s, pages: %d, the first %.0f by %.0f.\n", d.Media, d.Pages, d.Sizes[0].Width, d.Sizes[0].Height)
	}
	for _, f := range d.Nature {
		fmt.Fprintf(&b, "  %s\n", f.Trait.Sentence())
	}
	return b.String()
}
