package io.statesync.http.server.internal;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An answer that was not there at once, written when it is. */
public final class AnswerOutput extends AsyncOutput {
    private final HttpServletResponse response;
    private final Runnable afterwards;
    private volatile @Nullable Answer answer;
    private boolean begun; // by the run under way only

    public AnswerOutput(AsyncContext context, HttpServletResponse response, Runnable afterwards) throws IOException {
        super(context, response.getOutputStream());
        this.response = response;
        this.afterwards = afterwards;
    }

    public void answer(Answer given) {
        answer = given;
        signal();
    }

    @Override
    protected byte @Nullable [] next() {
        Answer given = answer;
        if (given == null || begun) {
            return null;
        }
        begun = true;
        given.writeHead(response);
        return given.body().length == 0 ? null : given.body();
    }

    @Override
    protected boolean isLast() {
        return begun;
    }

    @Override
    protected void ended() {
        afterwards.run();
    }
}
