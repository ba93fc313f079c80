package option

import "golang.org/x/oauth2"

type ClientOption interface{}

func WithUserAgent(string) ClientOption               { return nil }
func WithTokenSource(oauth2.TokenSource) ClientOption { return nil }
