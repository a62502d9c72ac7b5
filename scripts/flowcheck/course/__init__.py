"""What only the problem set needs: its questions, and the published solution's errors, measured."""
