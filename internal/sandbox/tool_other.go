//go:build !linux

package sandbox

import "context"

// RunTool runs nothing: only Linux can keep what Tool promises.
func RunTool(context.Context, Tool) (ToolResult, error) { return ToolResult{}, ErrNoTools }

// MaybeTool returns at once: there are no tools here.
func MaybeTool(map[string]Task) {}
